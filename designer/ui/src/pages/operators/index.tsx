import { Page } from "@/ui";

export default function OperatorsPage() {
  return <Page title="Operators">{null}</Page>;
}
