import { Page } from "@/ui";

export default function DevicesPage() {
  return <Page title="Devices">{null}</Page>;
}
