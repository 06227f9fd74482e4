import { Page } from "@/ui";

export default function ContextPage() {
  return <Page title="Context">{null}</Page>;
}
