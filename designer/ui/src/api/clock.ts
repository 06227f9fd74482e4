import { useLive } from "./live";

/** The time at the services, as the latest sample says: stands still while nothing is heard, and needs no timer. */
export const useServiceTime = () => useLive((live) => live.history.at(-1)?.at) ?? Date.now();
