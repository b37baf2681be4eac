/** A curve: the cost of one unit of work at several sizes. Along a straight line of cost, every unit costs the same. */

export type Point = {
  /** The name of the cell. */
  cell: string;
  x: number;
};

export type Curve = {
  name: string;
  /** What is multiplied, as the title of an axis. Curves of one axis share a panel. */
  axis: string;
  /** What the cost is of: a request, a KiB, an agent. */
  unit: string;
  points: readonly Point[];
};
