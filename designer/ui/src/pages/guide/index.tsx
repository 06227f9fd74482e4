import { Page } from "@/ui";

export default function GuidePage() {
  return <Page title="Guide">{null}</Page>;
}
