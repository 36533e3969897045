import type { Device } from '@hubfuse/plugin';

/**
 * Worker threads that hold sessions. A GPU is used by one session at a time: onnxruntime crashes where two threads run WebGPU sessions
 * at once, and more sessions would only share the same memory.
 */
export function sessionThreads(device: Device, workers: number): number {
  return device === 'cpu' ? workers : 1;
}

/** What to do where a device cannot be had. */
export function deviceHint(device: Device): string {
  if (device === 'webgpu')
    return 'it takes a GPU with a driver for Vulkan and its loader (libvulkan1); or score with --device cpu';
  return 'it takes an NVIDIA GPU, CUDA 12, cuDNN 9 and the provider (ONNXRUNTIME_NODE_INSTALL=true npm rebuild onnxruntime-node); or score with --device cpu';
}
