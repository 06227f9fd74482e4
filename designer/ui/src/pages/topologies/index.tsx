import { Page } from "@/ui";

export default function TopologiesPage() {
  return <Page title="Topologies">{null}</Page>;
}
