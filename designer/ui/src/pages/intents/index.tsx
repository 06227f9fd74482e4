import { Page } from "@/ui";

export default function IntentsPage() {
  return <Page title="Intents">{null}</Page>;
}
