// The kernels of @hubfuse/tensors. Rows of float32 are padded to a multiple of four values by whoever allocates them
// (16 bytes), so kernels over whole rows may read and write the padding.
export * from './arithmetic';
export * from './competition-of-models';
export * from './consensus';
export * from './convert';
export * from './crossover';
export * from './matrix';
export * from './parameter-competition';
export * from './select';
export * from './select-key';
export * from './task-masks';
export * from './trimmed-consensus';
export { exponential, hyperbolicTangent } from './transcendental';
