export { toFault } from "../sql/fault.ts";
