/** Files imported as text, `with { type: "text" }`: they become part of the compiled binary. */
declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.lua" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
/** Scripts for a browser: text to us. */
declare module "*.client.js" {
  const text: string;
  export default text;
}
declare module "uplot/dist/uPlot.iife.min.js" {
  const text: string;
  export default text;
}
/** Shell scripts that the program prints. */
declare module "*.bash" {
  const text: string;
  export default text;
}
declare module "*.zsh" {
  const text: string;
  export default text;
}
declare module "*.fish" {
  const text: string;
  export default text;
}
/** Files that the compiled binary holds as they are, `with { type: "file" }`: their path. */
declare module "swagger-ui-dist/*" {
  const path: string;
  export default path;
}
