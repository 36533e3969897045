let token = '';

/** The caller's own token of the Hub: in the memory of this page alone, gone with it. */
export function hubToken(): string {
  return token;
}

export function rememberHubToken(text: string): void {
  token = text.trim();
}

/** What goes along with requests that may use it. */
export function hubTokenHeader(): Record<string, string> {
  return token === '' ? {} : { 'x-hf-token': token };
}
