import { Page } from "@/ui";

export default function FunctionsPage() {
  return <Page title="Functions">{null}</Page>;
}
