let text: string | undefined;

/** Hands a recipe's text to the editor's page, which is opened next. */
export function handOver(recipe: string): void {
  text = recipe;
}

/** What was handed over, once. */
export function takeHandedOver(): string | undefined {
  const taken = text;
  text = undefined;
  return taken;
}
