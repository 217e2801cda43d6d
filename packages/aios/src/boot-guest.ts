/** What virtual machines consist of is made by whoever asks for it, without a kernel. */
export { makeGuest } from "./drivers/sandbox/qemu/make-guest.ts";
