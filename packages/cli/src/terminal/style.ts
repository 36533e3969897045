import { styleText } from 'node:util';

/** Emphasis for text on a terminal. Without colours every function returns its text unchanged. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

export function createStyle(colours: boolean): Style {
  const apply = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow') => (text: string) =>
    colours ? styleText(format, text) : text;
  return { bold: apply('bold'), dim: apply('dim'), red: apply('red'), green: apply('green'), yellow: apply('yellow') };
}
