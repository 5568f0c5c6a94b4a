/**
 * The official code's substring rules: true for the parameters that learn at the base rate. The
 * rule of residual networks also matches `layer4.0.conv1`, and leaves `bn1` and `layer4` out.
 */
export const isFeatureName = {
  resnet: (name: string) => /conv1|layer1|layer2|layer3/.test(name),
  vgg: (name: string) => name.includes("features."),
  inception: (name: string) => /Mixed|Conv2d_[1-4]/.test(name),
} as const;
