export { nearest } from "../kernel/nearest.ts";
