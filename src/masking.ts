/** Takes secrets out of what people are shown. */

/**
 * The text without the user and password, and without the tokens in the query, of the URLs in it.
 * Whatever holds no URL comes back as it is.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(:\/\/)[^/?#]*@/, "$1***@")
    .replaceAll(/([?&](?:authToken|token|password|secret)=)[^&#]*/gi, "$1***");
}
