import type { Instance } from "@/api/types";
import { Chip, moodOf } from "@/ui";
import { statusOf } from "./deployments";

export const StatusChip = ({ instance }: { instance: Instance }) => (
  <Chip mood={moodOf(instance.Status)}>{statusOf(instance)}</Chip>
);
