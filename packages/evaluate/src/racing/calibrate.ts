/** Logits of one label beside the place of the right one among them. */
export interface LabelledLogits {
  logits: Float32Array;
  right: number;
}

/** Factors that are looked between. */
const [LEAST, MOST] = [1, 256];
const STEPS = 40;

/**
 * The factor by which logits have to be multiplied for their softmax to be as sure as the answers are right: that of the
 * greatest likelihood of the right labels (temperature scaling, Guo et al. 2017, arXiv 1706.04599, section 4.2; the factor is
 * one over the temperature). An average of models answers well and is unsure of everything. One that is surer than it is right
 * keeps its probabilities (a factor of 1): to doubt all of its answers tells worse which of them a changed model gets wrong.
 */
export function calibrate(labelled: readonly LabelledLogits[]): number {
  if (slope(labelled, LEAST) <= 0) return LEAST;
  // The likelihood's logarithm is concave in the factor: where it still rises, the factor is too small.
  let low = Math.log(LEAST);
  let high = Math.log(MOST);
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (slope(labelled, Math.exp(middle)) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** Derivative of the log-likelihood: by how much the right logits exceed those that are expected. */
function slope(labelled: readonly LabelledLogits[], factor: number): number {
  let sum = 0;
  for (const { logits, right } of labelled) {
    let top = Number.NEGATIVE_INFINITY;
    for (const value of logits) top = Math.max(top, value);
    let total = 0;
    let expected = 0;
    for (const value of logits) {
      const power = Math.exp(factor * (value - top));
      total += power;
      expected += power * value;
    }
    sum += (logits[right] ?? 0) - expected / total;
  }
  return sum;
}
