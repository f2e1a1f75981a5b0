/**
 * A thread that causes the same fault again and again. Such a fault ends the first process of a container, unless the
 * process handles the signal. While strace traces the process, the kernel keeps it alive (Linux kernel/signal.c,
 * `force_sig_info_to_task`: a traced init stays unkillable). So the fault repeats without end.
 */
export interface Crash {
  readonly thread: number;
  readonly signal: "SIGSEGV" | "SIGBUS" | "SIGILL" | "SIGFPE";
}

/**
 * A line of strace for a signal that the kernel sent for a fault. Its code is above zero
 * (sigaction(2), "The si_code field").
 */
const faultLine = new RegExp(
  /^(\d{1,10}) .*--- (SIGSEGV|SIGBUS|SIGILL|SIGFPE) /.source +
    /\{si_signo=[^,]*, si_code=(?:0x0*[1-9a-f]|[1-9A-Z])[^,]*, si_addr=[^,}]*\} ---$/.source,
);

const mark = Buffer.from("--- SIG");

/**
 * The same fault this many times may be a loop. Runtimes that use faults on purpose (Java, Go) seldom
 * see the same one twice. `onCrash` is called again at ten times the number, and so on.
 */
const suspicious = 20;

/** A program with more different faults than this is not in a loop. */
const mostFaults = 64;

/**
 * Passes a trace on, and calls `onCrash` when a thread seems to repeat the same fault without end. The trace does not
 * show whether the thread handles the signal.
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
