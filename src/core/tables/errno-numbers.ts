import { errnoNumber } from "./symbols.ts";
import type { ScmpArch } from "./types.ts";

/**
 * Errors that have another number on mips than in asm-generic/errno.h
 * (arch/mips/include/uapi/asm/errno.h, Linux 6.1).
 */
const mips = `
  ENOMSG=35 EIDRM=36 ECHRNG=37 EL2NSYNC=38 EL3HLT=39 EL3RST=40 ELNRNG=41 EUNATCH=42 ENOCSI=43
  EL2HLT=44 EDEADLOCK=45 ENOLCK=46 EBADE=50 EBADR=51 EXFULL=52 ENOANO=53 EBADRQC=54 EBADSLT=55
  EMULTIHOP=74 EBADMSG=77 ENAMETOOLONG=78 EOVERFLOW=79 ENOTUNIQ=80 EBADFD=81 EREMCHG=82 ELIBACC=83
  ELIBBAD=84 ELIBSCN=85 ELIBMAX=86 ELIBEXEC=87 EILSEQ=88 ENOSYS=89 ELOOP=90 ERESTART=91 ESTRPIPE=92
  ENOTEMPTY=93 EUSERS=94 ENOTSOCK=95 EDESTADDRREQ=96 EMSGSIZE=97 EPROTOTYPE=98 ENOPROTOOPT=99
  EPROTONOSUPPORT=120 ESOCKTNOSUPPORT=121 ENOTSUP=122 EPFNOSUPPORT=123 EAFNOSUPPORT=124
  EADDRINUSE=125 EADDRNOTAVAIL=126 ENETDOWN=127 ENETUNREACH=128 ENETRESET=129 ECONNABORTED=130
  ECONNRESET=131 ENOBUFS=132 EISCONN=133 ENOTCONN=134 EUCLEAN=135 ENOTNAM=137 ENAVAIL=138 EISNAM=139
  EREMOTEIO=140 ESHUTDOWN=143 ETOOMANYREFS=144 ETIMEDOUT=145 ECONNREFUSED=146 EHOSTDOWN=147
  EHOSTUNREACH=148 EALREADY=149 EINPROGRESS=150 ESTALE=151 ECANCELED=158 ENOMEDIUM=159 EMEDIUMTYPE=160
  ENOKEY=161 EKEYEXPIRED=162 EKEYREVOKED=163 EKEYREJECTED=164 EOWNERDEAD=165 ENOTRECOVERABLE=166
  ERFKILL=167 EDQUOT=1133
`;

/** The same for parisc (arch/parisc/include/uapi/asm/errno.h, Linux 6.1). */
const parisc = `
  ENOMSG=35 EIDRM=36 ECHRNG=37 EL2NSYNC=38 EL3HLT=39 EL3RST=40 ELNRNG=41 EUNATCH=42 ENOCSI=43
  EL2HLT=44 EDEADLOCK=45 ENOLCK=46 EILSEQ=47 ENONET=50 ENODATA=51 ETIME=52 ENOSR=53 ENOSTR=54 ENOPKG=55
  ENOLINK=57 EADV=58 ESRMNT=59 ECOMM=60 EPROTO=61 EMULTIHOP=64 EDOTDOT=66 EBADMSG=67 EUSERS=68
  EDQUOT=69 ESTALE=70 EREMOTE=71 EOVERFLOW=72 EBADE=160 EBADR=161 EXFULL=162 ENOANO=163 EBADRQC=164
  EBADSLT=165 EBFONT=166 ENOTUNIQ=167 EBADFD=168 EREMCHG=169 ELIBACC=170 ELIBBAD=171 ELIBSCN=172
  ELIBMAX=173 ELIBEXEC=174 ERESTART=175 ESTRPIPE=176 EUCLEAN=177 ENOTNAM=178 ENAVAIL=179 EISNAM=180
  EREMOTEIO=181 ENOMEDIUM=182 EMEDIUMTYPE=183 ENOKEY=184 EKEYEXPIRED=185 EKEYREVOKED=186
  EKEYREJECTED=187 ENOTSOCK=216 EDESTADDRREQ=217 EMSGSIZE=218 EPROTOTYPE=219 ENOPROTOOPT=220
  EPROTONOSUPPORT=221 ESOCKTNOSUPPORT=222 ENOTSUP=223 EPFNOSUPPORT=224 EAFNOSUPPORT=225
  EADDRINUSE=226 EADDRNOTAVAIL=227 ENETDOWN=228 ENETUNREACH=229 ENETRESET=230 ECONNABORTED=231
  ECONNRESET=232 ENOBUFS=233 EISCONN=234 ENOTCONN=235 ESHUTDOWN=236 ETOOMANYREFS=237 ETIMEDOUT=238
  ECONNREFUSED=239 EHOSTDOWN=241 EHOSTUNREACH=242 EALREADY=244 EINPROGRESS=245 ENOTEMPTY=247
  ENAMETOOLONG=248 ELOOP=249 ENOSYS=251 ECANCELED=253 EOWNERDEAD=254 ENOTRECOVERABLE=255 ERFKILL=256
`;

interface Numbering {
  /** The architecture's own number of each error, by the generic number. */
  readonly own: ReadonlyMap<number, number>;
  /** The generic number of each error, by the architecture's own number. */
  readonly generic: ReadonlyMap<number, number>;
}

function numbering(rows: string): Numbering {
  const pairs = rows
    .trim()
    .split(/\s+/)
    .map((row): readonly [number, number] => {
      const [name = "", number = ""] = row.split("=");
      const generic = errnoNumber(name);
      if (generic === undefined) throw new RangeError(`no error ${name}`);
      return [generic, Number(number)];
    });
  return { own: new Map(pairs), generic: new Map(pairs.map(([generic, own]) => [own, generic])) };
}

const numberings = new Map<string, Numbering>();
/** The numbering of an architecture. `undefined` if it is the generic one. */
function numberingOf(arch: ScmpArch): Numbering | undefined {
  const [kind, rows] = arch.includes("_MIPS") ? ["mips", mips] : arch.includes("_PARISC") ? ["parisc", parisc] : [];
  if (kind === undefined || rows === undefined) return undefined;
  const known = numberings.get(kind) ?? numbering(rows);
  numberings.set(kind, known);
  return known;
}

/** The generic number of an error can name no error on an architecture. `errnoFrom` adds this to such a number. */
const nameless = 0x1_0000;

/**
 * The number that an architecture's kernel and C library have for an error. Filters hold the numbers of
 * asm-generic/errno.h on every architecture, so that each error has one number and one name.
 */
export function errnoOn(arch: ScmpArch, generic: number): number {
  return (numberingOf(arch)?.own.get(generic) ?? generic) & 0xffff;
}

/** The generic number of the error with the number `own` on this architecture. */
export function errnoFrom(arch: ScmpArch, own: number): number {
  const numbers = numberingOf(arch);
  if (numbers === undefined) return own;
  return numbers.generic.get(own) ?? (numbers.own.has(own) ? own + nameless : own);
}

/** Do these architectures number errors alike? */
export function numberAlike(arches: readonly ScmpArch[]): boolean {
  return new Set(arches.map(numberingOf)).size < 2;
}
