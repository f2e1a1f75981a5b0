/**
 * Does an object belong to the program, or to the common runtime? The imports of own objects say what the program
 * wants. The imports of the runtime say little. A caller that knows packages and directories should decide itself
 * (`LoadedObject.own`).
 */

interface Family {
  /** Base names without a version, separated by blanks. `*` stands for anything. */
  readonly names: string;
  readonly because: string;
}

/** Libraries that many unrelated programs share. */
const commonRuntime: readonly Family[] = [
  {
    names: `
      libc libm libdl librt libpthread libresolv libutil libanl libmvec libcrypt libBrokenLocale
      libthread_db ld-linux* ld64 ld-musl* ld libc.musl*
    `,
    because: "the C library and its parts",
  },
  {
    names: "libnsl libnss*",
    because: "name services, loaded by the C library",
  },
  {
    names: `
      libgcc_s libstdc++ libc++ libc++abi libunwind* libatomic libgomp libasan libubsan libtsan
      libgo libgfortran libquadmath
    `,
    because: "compilers' runtimes",
  },
  {
    names: `
      libcrypto libssl libgnutls libnettle libhogweed libgmp libgcrypt libgpg-error libp11-kit
      libtasn1 libcap libcap-ng libsodium libmbed* libargon2
    `,
    because: "cryptography",
  },
  {
    names: `
      libpam* pam_* libaudit libselinux libapparmor libseccomp libkrb5* libk5crypto libgssapi*
      libcom_err libkeyutils libsasl2 libldap* liblber*
    `,
    because: "authentication and system policy",
  },
  {
    names: "libz libbz2 liblzma libzstd liblz4 libbrotli* libsnappy liblzo2",
    because: "compression",
  },
  {
    names: "libsystemd libdbus-1 libudev libmount libblkid libuuid libsmartcols libelogind",
    because: "system services",
  },
  {
    names: `
      libpcre* libexpat libxml2 libxslt libffi libidn* libunistring libpsl libicu* libjson-c
      libyaml libtinfo libncurses* libreadline libhistory libedit libbsd libmd libacl libattr
      libsqlite3 libdb-* libgdbm* liblmdb
    `,
    because: "text, data and terminals",
  },
  {
    names: "libglib-2* libgobject-2* libgio-2* libgmodule-2* libgthread-2*",
    because: "GLib",
  },
  {
    names: `
      libjemalloc libtcmalloc* libmimalloc liburing libaio libnuma libnuma1 libev libevent*
      libunbound libcurl* libnghttp* libngtcp* libssh* librtmp libcares libevdev libatm
    `,
    because: "memory, events and protocols",
  },
];

const commonNames = new RegExp(
  `^(?:${commonRuntime
    .flatMap(({ names }) => names.trim().split(/\s+/))
    .map((name) => name.replace(/[.+]/g, "\\$&").replace("*", ".*"))
    .join("|")})$`,
);

/** `libfoo` of `libfoo.so.1.2`, `libfoo-1.2.so`, `foo.so`. */
export function stemOf(name: string): string {
  return name.replace(/\.so(?:\.[0-9.]+)?$|\.so\..*$/, "").replace(/-[0-9.]+$/, "");
}

export function isCommonRuntime(name: string): boolean {
  return commonNames.test(stemOf(name));
}

/**
 * The default. An object of the common runtime is never the program's own. Any other object is, if it carries the
 * executable's name (`libnode` of `node`) or is a plug-in. `wasLoadedLate` marks plug-ins: the object is mapped, but
 * neither the executable nor the executable's libraries list it in DT_NEEDED.
 */
export function isOwnObject(executable: string, name: string, wasLoadedLate: boolean): boolean {
  if (isCommonRuntime(name)) return false;
  const [stem = ""] = stemOf(executable)
    .toLowerCase()
    .split(/[^a-z]/);
  return wasLoadedLate || (stem.length >= 3 && stemOf(name).toLowerCase().includes(stem));
}

/** Is it the C library itself? Functions that only its pointers lead to are hardly ever called. */
export function isCLibrary(name: string): boolean {
  return /^(?:libc|libpthread|ld-linux.*|ld64|ld-musl.*|libc\.musl.*|ld)$/.test(stemOf(name));
}
