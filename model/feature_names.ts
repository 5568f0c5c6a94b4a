/**
 * The official code's substring rule for residual networks: true for the parameters that learn at
 * the base rate. It also matches `layer4.0.conv1`, and leaves `bn1` out.
 */
export function isResNetFeature(name: string): boolean {
  return /conv1|layer1|layer2|layer3/.test(name);
}
