const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Where people install programs of their own. */
const installed = words("/usr/local /opt/homebrew /opt/local");
const below = (roots: readonly string[], names: string): readonly string[] =>
  roots.flatMap((root) => words(names).map((name) => `${root}/${name}`));

/**
 * Where programs and their libraries are: the system's (since macOS 13 its libraries lie in a cryptex), the developer
 * tools that /usr/bin's git, python3 and cc hand over to, Rosetta, and what Homebrew, MacPorts and Nix install, without the
 * `var` and `etc` beside it, where databases and their passwords are.
 */
export const programFolders: readonly string[] = [
  ...words(`
    /bin /sbin /usr/bin /usr/sbin /usr/lib /usr/libexec /usr/share
    /System/Library /System/iOSSupport /System/Cryptexes /System/Volumes/Preboot/Cryptexes /private/preboot/Cryptexes
    /Library/Apple /Library/Frameworks /Library/Java /Library/Developer/CommandLineTools
    /Applications/Xcode.app/Contents/Developer /nix/store`),
  ...below(installed, "bin sbin lib libexec share include opt Cellar Frameworks"),
];

/** Links and folders on the way to what is shown; what stands in them is not. */
export const passedFolders = words(`
  /etc /tmp /var /private /private/etc /private/var /private/var/db /private/var/select /private/preboot /dev
  /usr /usr/local /opt /opt/homebrew /opt/local /nix /System /System/Volumes /System/Volumes/Preboot
  /Library /Library/Developer /Applications /Applications/Xcode.app /Applications/Xcode.app/Contents`);

/** What libc and the shell read. Of `/` the names alone: without them dyld starts nothing. Of accounts those of the system. */
export const readFiles: readonly string[] = [
  ...words("/ /private/var/select/sh /private/var/db/xcode_select_link"),
  ...below(["/private/etc"], "localtime passwd protocols services hosts paths shells manpaths"),
  ...below(["/dev"], "null zero random urandom stdin stdout stderr"),
  ...below(installed, "etc/openssl@3/cert.pem etc/openssl@3/openssl.cnf"),
];

/** Certificates, time zones, what Rosetta has translated, a program's own handles. */
export const readFolders: readonly string[] = [
  ...words("/private/etc/ssl /private/var/db/timezone /private/var/db/dyld /private/var/db/oah /dev/fd"),
  ...below(installed, "etc/ca-certificates etc/openssl@3/certs"),
];

/**
 * What can be asked about the machine, beside `hw.`; not `kern.proc` and `kern.procargs2`, by which others' processes and
 * their environments are read.
 */
export const machineFacts = words(`
  kern.argmax kern.hostname kern.maxfilesperproc kern.maxproc kern.ngroups kern.osproductversion kern.osrelease
  kern.ostype kern.osvariant_status kern.osversion kern.secure_kernel kern.usrstack64 kern.version
  sysctl.proc_cputype vm.loadavg`);
