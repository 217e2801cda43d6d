/** Of half-written files. */
export const temporaryPrefix = ".aios-tmp-";

/** A tenant's or process's id as a folder's name: distinct ids give distinct names, and none leads elsewhere. */
export function folderNameOf(id: string): string {
  return encodeURIComponent(id).replaceAll(".", "%2E").replaceAll("*", "%2A") || "%";
}
