import type { Tensor } from "../../engine/tensor.ts";
import type { StoredTensor } from "../../weights/host_tensor.ts";
import type { Visitor } from "../layers.ts";
import type { Builder, Initialisation, Module } from "../module.ts";
import type { Shapes } from "./network_name.ts";

/** Where methods of the WSOL benchmark attach to a backbone. */
export interface Attachments {
  /** Layers that ADL follows. */
  readonly adl: readonly string[];
  /** Layers at whose results SPG's branches B1 and B2 begin, and channels there. */
  readonly spg: {
    readonly places: readonly [string, string];
    readonly sides: readonly [number, number];
    /** Channels within these branches, and within the third, C. */
    readonly b: number;
    readonly c: number;
  };
  /** Channels within ACoL's classifiers. */
  readonly acol: number;
}

/** A fully convolutional feature extractor. */
export interface Backbone extends Module {
  /** Channels of the feature map. */
  readonly features: number;
  /** Where methods of the WSOL benchmark attach to it. */
  readonly attachments: Attachments;
  /**
   * `[n, h, w, 3]` → `[n, height, width, features]`.
   *
   * @param visit told of the result of each layer by its name
   */
  forward(x: Tensor, visit?: Visitor): Tensor;
  /** Whether a tensor of this name is trained at the base learning rate (the rest: × ratio). */
  isFeature(name: string): boolean;
  /** The same by the rule of the WSOL benchmark. */
  isFeatureOfBenchmark(name: string): boolean;
}

/** What backbones can be built with; not each has everything. */
export interface BackboneOptions {
  /** 28×28 maps of 224×224 pictures instead of 14×14. Default false. */
  readonly largeFeatureMap?: boolean;
  /** Inception only: leave `Mixed_6e` out of the forward pass, as the official code does by a slip. */
  readonly skipMixed6e?: boolean;
  /** Inception only: share of dropout before, between and after its extra blocks. Default 0. */
  readonly dropout?: number;
}

/** Which last features a method's head is for: the benchmark's VGG16 and Inception differ in them. */
export type Trunk = "pooled" | "acol" | "spg";

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
  /** The same of a network for ACoL. */
  readonly initialisationOfAcol: Initialisation;
  /** Whether CAM's last layer is a linear one in the benchmark, with first weights of its own. */
  readonly endsLinear: boolean;
  /** Whether `largeFeatureMap` can be had. */
  readonly hasLargeMap: boolean;
  /** Whether `skipMixed6e` can be had. */
  readonly hasMixed6e?: true;
  /** Whether `dropout` can be had. */
  readonly hasDropout?: true;
  /** A backbone with first weights. */
  build(builder: Builder, options: BackboneOptions, trunk: Trunk): Backbone;
  /** Whether tensors are those of a model with this backbone. */
  recognises(tensors: Shapes): boolean;
  /** Whether tensors are of a model with the large map; left out where they do not tell. */
  hasLargeMapIn?(tensors: Shapes): boolean;
  /** Gives the tensors of a file the names that they have here, where those may differ. */
  rename?(tensors: Tensors, places: Places): Tensors;
}
