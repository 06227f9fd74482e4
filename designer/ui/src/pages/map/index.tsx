import { Page } from "@/ui";

export default function MapPage() {
  return <Page title="Map">{null}</Page>;
}
