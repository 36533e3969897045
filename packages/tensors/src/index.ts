export { type Checkpoint, readCheckpoint } from './checkpoint.ts';
export { findProblem, fromFloat32, toFloat32, toFloat64, type ValueProblem } from './convert.ts';
export {
  DTYPES,
  type DType,
  dtypeBytes,
  elementCount,
  type FloatDType,
  isDType,
  isFloatDType,
} from './dtype.ts';
export { type EncodedHeader, encodeHeader, storageOrder, type TensorLayout, tensorBytes } from './encode-header.ts';
export { disableTelemetry } from './environment.ts';
export { folderSource, listFolder, readRange } from './folder-source.ts';
export { sha256OfFile } from './hash-file.ts';
export { type Header, type HeaderOptions, headerEnd, parseHeader, type StoredTensor } from './header.ts';
export { KernelInstance, KernelMemory, kernelModule, useKernelModule } from './kernels.ts';
export { LARGE, type LargeProducts, type NamedProducts, type Product } from './matrix/products.ts';
export { type MessagePart, MessageWriter, wholeMessage } from './protobuf-writer.ts';
export {
  decodeSafetensors,
  readSafetensors,
  type SafetensorsFile,
  type TensorData,
  writeSafetensors,
  writeWhole,
} from './safetensors-file.ts';
export { planShards, type Shard, type ShardPlan } from './shards.ts';
export { threadSeconds } from './thread-seconds.ts';
export { threefry, type WordPair } from './threefry.ts';
export { defaultWorkers, HandedOver, serveJobs, WorkerPool } from './worker-pool.ts';
export { writeAll } from './write-all.ts';
