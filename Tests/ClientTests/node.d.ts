// The little of @types/node that the client and the programs in README.md and in the guide use, for a machine that
// has no @types/node. What browsers have too (console, timers, AbortSignal) comes with the compiler.

declare module 'node:buffer' {
  export class Buffer extends Uint8Array {
    static alloc(size: number): Buffer
    static byteLength(text: string): number
    static concat(pieces: readonly Uint8Array[]): Buffer
    subarray(start?: number, end?: number): Buffer
    toString(encoding?: string): string
  }
}

declare module 'node:child_process' {
  interface Stream {
    on(event: string, listener: (...values: any[]) => void): this
    write(text: string): boolean
    end(): void
    ref?(): void
    unref?(): void
  }
  export interface ChildProcess {
    pid?: number
    stdin: Stream | null
    stdout: Stream | null
    stderr: Stream | null
    on(event: string, listener: (...values: any[]) => void): this
    kill(signal?: string): boolean
    ref(): void
    unref(): void
  }
  export function spawn(command: string, args: readonly string[], options: object): ChildProcess
}

declare module 'node:util' {
  export class TextDecoder {
    constructor(encoding?: string, options?: object)
    decode(bytes?: Uint8Array): string
  }
}

declare module 'node:readline' {
  export function createInterface(options: object): { on(event: 'line', listener: (line: string) => void): void }
}

declare const process: { env: { [name: string]: string | undefined }; emitWarning(text: string): void }
