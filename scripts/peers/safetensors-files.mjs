// The Node half of safetensors_files.py: `write <file>` writes tensors of every dtype, `describe <file>` prints what the
// reader finds, one JSON object per tensor.
import { createHash } from 'node:crypto';
import { DTYPES, dtypeBytes, readSafetensors, writeSafetensors } from '@hubfuse/tensors';

const SHAPES = { matrix: [2, 3], scalar: [], empty: [0, 4] };

function everyDtype() {
  const tensors = new Map();
  for (const dtype of DTYPES) {
    for (const [kind, shape] of Object.entries(SHAPES)) {
      const bytes = shape.reduce((product, size) => product * size, 1) * dtypeBytes(dtype);
      const data = Uint8Array.from({ length: bytes }, (_, i) => (dtype === 'BOOL' ? i % 2 : (i * 37 + 11) % 256));
      tensors.set(`${dtype}.${kind}`, { dtype, shape, data });
    }
  }
  return tensors;
}

const [action, file] = process.argv.slice(2);
if (action === 'write') await writeSafetensors(file, everyDtype(), { format: 'pt', text: 'ä "quoted" \\' });
const { tensors, metadata } = await readSafetensors(file);
process.stdout.write(`${JSON.stringify({ metadata })}\n`);
for (const [name, { dtype, shape, data }] of tensors) {
  const sha256 = createHash('sha256').update(data).digest('hex');
  process.stdout.write(`${JSON.stringify({ name, dtype, shape, sha256 })}\n`);
}
