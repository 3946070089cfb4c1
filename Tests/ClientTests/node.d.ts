// The little of @types/node that the client uses, for a machine that has no @types/node.

declare module 'node:buffer' {
  export class Buffer extends Uint8Array {
    static alloc(size: number): Buffer
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

declare const process: { env: { [name: string]: string | undefined }; emitWarning(text: string): void }
declare function setTimeout(call: () => void, milliseconds?: number): number
declare function clearTimeout(timer?: number): void
declare const console: { log(...values: unknown[]): void }
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: any
  addEventListener(event: string, listener: () => void, options?: object): void
  removeEventListener(event: string, listener: () => void): void
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(): void
}
