// Float64 matrices, row-major. Products are taken in tiles of 4 x 4 sums that live in registers, over copies of both
// factors in the order in which the tile reads them. Every sum runs over the inner index in ascending order within
// slices of INNER, whatever the sizes, and nothing is fused, so the bits are the same on every machine.
// Large factors and solutions are put together from these by the blocks of src/matrix.

/** Rows and columns of a tile. */
const TILE: i32 = 4;
/** Slice of the inner index: a tile's two strips of it fit into the first-level cache. */
const INNER: i32 = 256;
/** Rows of the left factor that are copied at a time: they fit into the second-level cache. */
const ROWS: i32 = 96;
/** Columns of the right factor that are copied at a time. */
const COLUMNS: i32 = 512;
/** Columns of a triangular block that is factored by simple loops. */
const BLOCK: i32 = 32;

/** Bytes of the working space that products need. */
export function matrixWorkspace(): i32 {
  return (ROWS * INNER + INNER * COLUMNS + TILE * TILE) * 8;
}

@inline
function at(matrix: usize, stride: i32, row: i32, column: i32): usize {
  return matrix + (((<usize>row) * (<usize>stride) + (<usize>column)) << 3);
}

/** Copies `rows` x `inner` of `a` into strips of four rows, inner index by inner index; rows beyond the last are 0. */
function packRows(to: usize, a: usize, stride: i32, rows: i32, inner: i32): void {
  for (let i: i32 = 0; i < rows; i += TILE) {
    const left = min(TILE, rows - i);
    for (let r: i32 = 0; r < TILE; r++) {
      const row = at(a, stride, i + r, 0);
      const target = to + ((<usize>r) << 3);
      if (r < left) {
        for (let k: i32 = 0; k < inner; k++) store<f64>(target + ((<usize>k) << 5), load<f64>(row + ((<usize>k) << 3)));
      } else {
        for (let k: i32 = 0; k < inner; k++) store<f64>(target + ((<usize>k) << 5), 0);
      }
    }
    to += (<usize>inner) << 5;
  }
}

/** Copies `inner` x `columns` of `b` into strips of four columns. */
function packColumns(to: usize, b: usize, stride: i32, inner: i32, columns: i32): void {
  for (let j: i32 = 0; j < columns; j += TILE) {
    const left = min(TILE, columns - j);
    for (let k: i32 = 0; k < inner; k++) {
      const from = at(b, stride, k, j);
      const target = to + ((<usize>k) << 5);
      if (left == TILE) {
        v128.store(target, v128.load(from));
        v128.store(target, v128.load(from, 16), 16);
      } else {
        for (let c: i32 = 0; c < TILE; c++) {
          store<f64>(target + ((<usize>c) << 3), c < left ? load<f64>(from + ((<usize>c) << 3)) : 0);
        }
      }
    }
    to += (<usize>inner) << 5;
  }
}

@inline
function settle(out: usize, product: v128, negative: bool): void {
  const before = v128.load(out);
  v128.store(out, negative ? f64x2.sub(before, product) : f64x2.add(before, product));
}

/** out (four rows, `stride` apart) += the product of two strips, or -= it. */
function tile(out: usize, stride: i32, a: usize, b: usize, inner: i32, negative: bool): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  const end = a + ((<usize>inner) << 5);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = f64x2.add(c00, f64x2.mul(a0, b0));
    c01 = f64x2.add(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    c10 = f64x2.add(c10, f64x2.mul(a1, b0));
    c11 = f64x2.add(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    c20 = f64x2.add(c20, f64x2.mul(a2, b0));
    c21 = f64x2.add(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    c30 = f64x2.add(c30, f64x2.mul(a3, b0));
    c31 = f64x2.add(c31, f64x2.mul(a3, b1));
    a += 32;
    b += 32;
  }
  const step = (<usize>stride) << 3;
  settle(out, c00, negative);
  settle(out + 16, c01, negative);
  out += step;
  settle(out, c10, negative);
  settle(out + 16, c11, negative);
  out += step;
  settle(out, c20, negative);
  settle(out + 16, c21, negative);
  out += step;
  settle(out, c30, negative);
  settle(out + 16, c31, negative);
}

/** A tile at the edge: by way of a whole one in `spare`. */
function edgeTile(
  out: usize, stride: i32, a: usize, b: usize, inner: i32, rows: i32, columns: i32, spare: usize, negative: bool,
): void {
  memory.fill(spare, 0, TILE * TILE * 8);
  tile(spare, TILE, a, b, inner, negative);
  for (let r: i32 = 0; r < rows; r++) {
    for (let c: i32 = 0; c < columns; c++) {
      const place = at(out, stride, r, c);
      store<f64>(place, load<f64>(place) + load<f64>(at(spare, TILE, r, c)));
    }
  }
}

/**
 * out (rows x columns) += a b, or -= a b where `negative`, a being rows x inner and b inner x columns; a factor that is
 * `flipped` is stored as its transpose. Strides are in values. `work` is the working space.
 */
export function matrixMultiplyAdd(
  out: usize, outStride: i32, a: usize, aStride: i32, aFlipped: bool, b: usize, bStride: i32, bFlipped: bool,
  rows: i32, inner: i32, columns: i32, negative: bool, work: usize,
): void {
  const packedB = work + <usize>(ROWS * INNER * 8);
  const spare = packedB + <usize>(INNER * COLUMNS * 8);
  for (let j: i32 = 0; j < columns; j += COLUMNS) {
    const n = min(COLUMNS, columns - j);
    for (let k: i32 = 0; k < inner; k += INNER) {
      const depth = min(INNER, inner - k);
      if (bFlipped) packRows(packedB, at(b, bStride, j, k), bStride, n, depth);
      else packColumns(packedB, at(b, bStride, k, j), bStride, depth, n);
      for (let i: i32 = 0; i < rows; i += ROWS) {
        const m = min(ROWS, rows - i);
        if (aFlipped) packColumns(work, at(a, aStride, k, i), aStride, depth, m);
        else packRows(work, at(a, aStride, i, k), aStride, m, depth);
        for (let c: i32 = 0; c < n; c += TILE) {
          const strip = packedB + (((<usize>c) * (<usize>depth)) << 3);
          for (let r: i32 = 0; r < m; r += TILE) {
            const left = work + (((<usize>r) * (<usize>depth)) << 3);
            const place = at(out, outStride, i + r, j + c);
            const height = min(TILE, m - r);
            const width = min(TILE, n - c);
            if (height == TILE && width == TILE) tile(place, outStride, left, strip, depth, negative);
            else edgeTile(place, outStride, left, strip, depth, height, width, spare, negative);
          }
        }
      }
    }
  }
}

/** out += scale x over n values. */
export function matrixAddScaled(out: usize, x: usize, n: i32, scale: f64): void {
  const s = f64x2.splat(scale);
  let i: i32 = 0;
  for (; i + 2 <= n; i += 2) {
    const o = (<usize>i) << 3;
    v128.store(out + o, f64x2.add(v128.load(out + o), f64x2.mul(s, v128.load(x + o))));
  }
  if (i < n) {
    const o = (<usize>i) << 3;
    store<f64>(out + o, load<f64>(out + o) + scale * load<f64>(x + o));
  }
}

/** Cholesky of one diagonal block in its lower triangle; -1, or the first pivot not above its least. */
function factorBlock(s: usize, stride: i32, n: i32, least: usize): i32 {
  for (let j: i32 = 0; j < n; j++) {
    let pivot = load<f64>(at(s, stride, j, j));
    for (let k: i32 = 0; k < j; k++) {
      const value = load<f64>(at(s, stride, j, k));
      pivot -= value * value;
    }
    if (!(pivot > load<f64>(least + ((<usize>j) << 3)))) return j;
    const root = Math.sqrt(pivot);
    store<f64>(at(s, stride, j, j), root);
    for (let i: i32 = j + 1; i < n; i++) {
      let value = load<f64>(at(s, stride, i, j));
      for (let k: i32 = 0; k < j; k++) value -= load<f64>(at(s, stride, i, k)) * load<f64>(at(s, stride, j, k));
      store<f64>(at(s, stride, i, j), value / root);
    }
  }
  return -1;
}

/** Rows x (n wide): x <- x L^-T for one lower triangular block. */
function solveForward(x: usize, xStride: i32, rows: i32, l: usize, stride: i32, n: i32): void {
  for (let r: i32 = 0; r < rows; r++) {
    const row = at(x, xStride, r, 0);
    for (let j: i32 = 0; j < n; j++) {
      const factors = at(l, stride, j, 0);
      let value = load<f64>(row + ((<usize>j) << 3));
      for (let k: i32 = 0; k < j; k++) {
        const o = (<usize>k) << 3;
        value -= load<f64>(row + o) * load<f64>(factors + o);
      }
      store<f64>(row + ((<usize>j) << 3), value / load<f64>(factors + ((<usize>j) << 3)));
    }
  }
}

/**
 * Cholesky factor of a symmetric matrix, left-looking by blocks of columns; only the lower triangle is read and written,
 * but the upper parts of the diagonal's blocks are spoiled. `least` holds what each pivot must exceed.
 * @returns -1, or the index of the first pivot that does not
 */
export function matrixFactor(s: usize, n: i32, least: usize, work: usize): i32 {
  for (let j: i32 = 0; j < n; j += BLOCK) {
    const width = min(BLOCK, n - j);
    // Everything from the diagonal down loses what the columns before it explain.
    matrixMultiplyAdd(at(s, n, j, j), n, at(s, n, j, 0), n, false, at(s, n, j, 0), n, true, n - j, j, width, true, work);
    const failed = factorBlock(at(s, n, j, j), n, width, least + ((<usize>j) << 3));
    if (failed >= 0) return j + failed;
    solveForward(at(s, n, j + width, j), n, n - j - width, at(s, n, j, j), n, width);
  }
  return -1;
}

/** out (n x n) = L^-1 of a lower triangular matrix, whose strict upper triangle becomes 0. */
export function matrixInvertLower(out: usize, l: usize, n: i32): void {
  for (let r: i32 = 0; r < n; r++) {
    const row = at(out, n, r, 0);
    const factors = at(l, n, r, 0);
    for (let c: i32 = r + 1; c < n; c++) store<f64>(at(l, n, r, c), 0);
    memory.fill(row, 0, (<usize>n) << 3);
    for (let k: i32 = 0; k < r; k++) {
      const known = at(out, n, k, 0);
      const factor = load<f64>(factors + ((<usize>k) << 3));
      const s = f64x2.splat(factor);
      // Row k ends at its diagonal; behind it are zeros, so that a pair may reach beyond.
      for (let c: i32 = 0; c <= k; c += 2) {
        const o = (<usize>c) << 3;
        if (c + 2 <= n) v128.store(row + o, f64x2.sub(v128.load(row + o), f64x2.mul(s, v128.load(known + o))));
        else store<f64>(row + o, load<f64>(row + o) - factor * load<f64>(known + o));
      }
    }
    const pivot = load<f64>(factors + ((<usize>r) << 3));
    for (let c: i32 = 0; c < r; c++) {
      const place = row + ((<usize>c) << 3);
      store<f64>(place, load<f64>(place) / pivot);
    }
    store<f64>(row + ((<usize>r) << 3), 1 / pivot);
  }
}

/** Columns that are transposed at a time: their rows stay in the first-level cache. */
const STRIPE: i32 = 16;

/** out (columns x rows) = the transpose of x (rows x columns). */
export function matrixTranspose(out: usize, x: usize, rows: i32, columns: i32): void {
  for (let j: i32 = 0; j < columns; j += STRIPE) {
    const end = min(columns, j + STRIPE);
    for (let i: i32 = 0; i < rows; i++) {
      for (let c = j; c < end; c++) store<f64>(at(out, rows, c, i), load<f64>(at(x, columns, i, c)));
    }
  }
}
