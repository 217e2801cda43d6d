/** Where something goes: into the folder, where the path of that ends in a slash. */
export const targetOf = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  to.endsWith("/") ? to + from.replace(/\/+$/, "").split("/").at(-1)! : to;
