/**
 * A thread that gets the same signal of its own making again and again. The first process of a
 * container is ended by such a signal, unless it handles it; but not while it is traced (Linux
 * kernel/signal.c, `force_sig_info_to_task`: a traced init stays unkillable). Then it makes the
 * same fault for ever.
 */
export interface Crash {
  readonly thread: number;
  readonly signal: "SIGSEGV" | "SIGBUS" | "SIGILL" | "SIGFPE";
}

/**
 * A line of strace for a signal that the kernel made of a fault: its code is above zero
 * (sigaction(2), "The si_code field").
 */
const faultLine = new RegExp(
  /^(\d{1,10}) .*--- (SIGSEGV|SIGBUS|SIGILL|SIGFPE) /.source +
    /\{si_signo=[^,]*, si_code=(?:0x0*[1-9a-f]|[1-9A-Z])[^,]*, si_addr=[^,}]*\} ---$/.source,
);

const mark = Buffer.from("--- SIG");

/**
 * The same fault this many times may be a loop: handlers of runtimes that make use of faults
 * (Java's, Go's) seldom meet one twice. Later, each tenfold asks again.
 */
const suspicious = 20;

/** More different faults than this are no loop. */
const mostFaults = 64;

/**
 * Passes a trace on, and calls `onCrash` when a thread seems to make the same fault for ever. The
 * trace does not say whether the thread handles the signal.
 */
export async function* hearCrash(
  chunks: AsyncIterable<Uint8Array>,
  onCrash: (crash: Crash) => void,
): AsyncGenerator<Uint8Array> {
  const faults = new Map<string, { times: number; next: number }>();
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      const end = bytes.indexOf("\n", at);
      const line = bytes.toString("latin1", bytes.lastIndexOf("\n", at) + 1, end < 0 ? bytes.length : end);
      const [, thread, signal] = faultLine.exec(line) ?? [];
      if (thread === undefined) continue;
      const fault = faults.get(line) ?? { times: 0, next: suspicious };
      fault.times += 1;
      if (faults.size < mostFaults) faults.set(line, fault);
      if (fault.times < fault.next) continue;
      fault.next *= 10;
      onCrash({ thread: Number(thread), signal: signal as Crash["signal"] });
    }
    yield chunk;
  }
}
