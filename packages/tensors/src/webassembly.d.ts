/** The part of WebAssembly that the kernels use: Node has it, but its types leave it to the DOM library. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(options: { initial: number; maximum: number });
    grow(pages: number): number;
  }
}
