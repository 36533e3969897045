export { type Checkpoint, readCheckpoint } from './checkpoint.ts';
export {
  DTYPES,
  type DType,
  dtypeBytes,
  elementCount,
  type FloatDType,
  isDType,
  isFloatDType,
} from './dtype.ts';
export { folderSource } from './folder-source.ts';
export { type Header, type HeaderOptions, headerEnd, parseHeader, type StoredTensor } from './header.ts';
