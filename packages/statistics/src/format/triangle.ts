/** Elements of the upper triangle of a square matrix, diagonal included. */
export function triangleLength(width: number): number {
  return (width * (width + 1)) / 2;
}

/** Elements of the upper triangle, row by row, before the diagonal entry of a row. */
export function triangleOffset(width: number, row: number): number {
  return row * width - (row * (row - 1)) / 2;
}

/** The width of the matrix that a stored Gram matrix is, whole or as a triangle; undefined for any other shape. */
export function gramWidth(shape: readonly number[]): number | undefined {
  const [first = 0, second] = shape;
  if (shape.length === 2) return first === second && first > 0 ? first : undefined;
  if (shape.length !== 1) return undefined;
  const width = Math.round((Math.sqrt(8 * first + 1) - 1) / 2);
  return width > 0 && triangleLength(width) === first ? width : undefined;
}
