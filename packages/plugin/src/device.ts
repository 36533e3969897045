/** Where scores can be computed: on processors, on a GPU through WebGPU (Vulkan, Metal, Direct3D), on NVIDIA's through CUDA. */
export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;

export type Device = (typeof DEVICES)[number];
