/** Files imported as text, `with { type: "text" }`: they become part of the compiled binary. */
declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.lua" {
  const text: string;
  export default text;
}
