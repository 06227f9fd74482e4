import { Page } from "@/ui";

export default function RunningPage() {
  return <Page title="Running">{null}</Page>;
}
