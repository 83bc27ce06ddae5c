/** Lets a network hand over what arrives, as a load worker's turns do. */
import type { Network } from "../../src/sim/network/network.ts";

/** Goes on until the function that is returned is called, which closes the network. */
export function keepGoing(network: Network): () => void {
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    network.collect(0);
    network.rest(1, turn);
  };
  turn();
  return () => {
    isOver = true;
    network.close();
  };
}
