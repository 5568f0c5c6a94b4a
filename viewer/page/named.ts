/** A model or a picture with the name of the file it came from. */
export interface Named<T> {
  readonly name: string;
  readonly value: T;
  /** 0 for the page's own files, another number for each of the user's. */
  readonly serial: number;
}
