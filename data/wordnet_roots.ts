/** A synset whose kinds share their parts. */
export interface WordnetRoot {
  /** Id of WordNet 3.0, as ImageNet writes it. */
  readonly id: string;
  /** A word of the synset. */
  readonly name: string;
}

/**
 * Roots of the supersets of ImageNet's 1,000 classes, chosen here: groups of classes whose objects
 * have the same parts. The paper chose its by hand and published none.
 *
 * It says of its dogs that they are 116 classes; WordNet has 118 below n02084071, and no synset has
 * 116. Ids and words are those of WordNet 3.0's `data.noun`. Where a class is below two roots that
 * are not nested (a minivan is a car and a truck), the first in this order has it.
 */
export const WORDNET_ROOTS: readonly WordnetRoot[] = [
  { id: "n02084071", name: "dog" },
  { id: "n02114100", name: "wolf" },
  { id: "n02115335", name: "wild dog" },
  { id: "n02118333", name: "fox" },
  { id: "n02121808", name: "domestic cat" },
  { id: "n02124623", name: "wildcat" },
  { id: "n02127808", name: "big cat" },
  { id: "n02131653", name: "bear" },
  { id: "n02134971", name: "viverrine" },
  { id: "n02441326", name: "musteline mammal" },
  { id: "n02395003", name: "swine" },
  { id: "n02419796", name: "antelope" },
  { id: "n02323902", name: "leporid" },
  { id: "n02503517", name: "elephant" },
  { id: "n02062744", name: "whale" },
  { id: "n02484322", name: "monkey" },
  { id: "n02470325", name: "ape" },
  { id: "n02496913", name: "lemur" },
  { id: "n01503061", name: "bird" },
  { id: "n01726692", name: "snake" },
  { id: "n01674464", name: "lizard" },
  { id: "n01662784", name: "turtle" },
  { id: "n01696633", name: "crocodilian reptile" },
  { id: "n01639765", name: "frog" },
  { id: "n01629276", name: "salamander" },
  { id: "n01482330", name: "shark" },
  { id: "n01495701", name: "ray" },
  { id: "n02514825", name: "bony fish" },
  { id: "n01772222", name: "spider" },
  { id: "n01976957", name: "crab" },
  { id: "n01982650", name: "lobster" },
  { id: "n02164464", name: "beetle" },
  { id: "n02274259", name: "butterfly" },
  { id: "n02268148", name: "odonate" },
  { id: "n02226183", name: "orthopterous insect" },
  { id: "n01942177", name: "gastropod" },
  { id: "n02958343", name: "car" },
  { id: "n04490091", name: "truck" },
  { id: "n02924116", name: "bus" },
  { id: "n02959942", name: "railcar" },
  { id: "n03684823", name: "locomotive" },
  { id: "n02834778", name: "bicycle" },
  { id: "n02970849", name: "cart" },
  { id: "n02858304", name: "boat" },
  { id: "n04194289", name: "ship" },
  { id: "n04128837", name: "sailing vessel" },
  { id: "n03510583", name: "heavier-than-air craft" },
  { id: "n03666917", name: "lighter-than-air craft" },
  { id: "n03467517", name: "guitar" },
  { id: "n02891788", name: "brass" },
  { id: "n04598582", name: "woodwind" },
  { id: "n03046257", name: "clock" },
  { id: "n02876657", name: "bottle" },
  { id: "n03001627", name: "chair" },
  { id: "n03918480", name: "personal computer" },
  { id: "n02942699", name: "camera" },
  { id: "n04401088", name: "telephone" },
  { id: "n03343853", name: "firearm" },
  { id: "n03380867", name: "footwear" },
  { id: "n03497657", name: "hat" },
  { id: "n03513137", name: "helmet" },
  { id: "n04230808", name: "skirt" },
  { id: "n04371563", name: "swimsuit" },
  { id: "n03057021", name: "coat" },
  { id: "n03815615", name: "necktie" },
  { id: "n03327234", name: "fence" },
  { id: "n02898711", name: "bridge" },
  { id: "n02778669", name: "ball" },
  { id: "n07715561", name: "squash" },
  { id: "n07747055", name: "citrus" },
  { id: "n12992868", name: "fungus" },
];
