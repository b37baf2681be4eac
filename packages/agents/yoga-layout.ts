import Yoga from 'yoga-layout';
export function answer() {
  const root = Yoga.Node.create();
  root.setWidth(100);
  root.setHeight(50);
  root.calculateLayout(undefined, undefined, Yoga.DIRECTION_LTR);
  return root.getComputedLayout();
}
