import type { Tensor } from "../../engine/tensor.ts";
import type { StoredTensor } from "../../weights/host_tensor.ts";
import type { Builder, Initialisation, Module } from "../module.ts";
import type { Shapes } from "./network_name.ts";

/** A fully convolutional feature extractor. */
export interface Backbone extends Module {
  /** Channels of the feature map. */
  readonly features: number;
  /** `[n, h, w, 3]` → `[n, height, width, features]`. */
  forward(x: Tensor): Tensor;
  /** Whether a tensor of this name is trained at the base learning rate (the rest: × ratio). */
  isFeature(name: string): boolean;
}

/** What backbones can be built with; not each has everything. */
export interface BackboneOptions {
  /** 28×28 maps of 224×224 pictures instead of 14×14. Default false. */
  readonly largeFeatureMap?: boolean;
  /** Inception only: leave `Mixed_6e` out of the forward pass, as the official code does by a slip. */
  readonly skipMixed6e?: boolean;
}

/** Tensors of a file by their names. */
export type Tensors = ReadonlyMap<string, StoredTensor>;

/** Shapes of a backbone's tensors by their names, as files have them. */
export type Places = ReadonlyMap<string, readonly number[]>;

/** Everything that the rest of the program knows of a backbone. */
export interface BackboneKind<Name extends string = string> {
  /** For `--arch`, checkpoints and messages. */
  readonly name: Name;
  /** What the network is called whose published weights it takes (`networkName`). */
  readonly network: string;
  /** What the paper calls it, with and without batch norm; left out where it is not in the paper. */
  readonly paperName?: string;
  /** Distribution of the first weights of convolutions. */
  readonly initialisation: Initialisation;
  /** Whether `largeFeatureMap` can be had. */
  readonly hasLargeMap: boolean;
  /** Whether `skipMixed6e` can be had. */
  readonly hasMixed6e?: true;
  /** A backbone with first weights. */
  build(builder: Builder, options: BackboneOptions): Backbone;
  /** Whether tensors are those of a model with this backbone. */
  recognises(tensors: Shapes): boolean;
  /** Whether tensors are of a model with the large map; left out where they do not tell. */
  hasLargeMapIn?(tensors: Shapes): boolean;
  /** Gives the tensors of a file the names that they have here, where those may differ. */
  rename?(tensors: Tensors, places: Places): Tensors;
}
