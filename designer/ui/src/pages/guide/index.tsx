import { Page } from "@/ui";
import { Next } from "./Next";
import { Results } from "./Results";
import { Steps } from "./Steps";
import { isThere } from "./state";
import { useSeen } from "./useSeen";

export default function GuidePage() {
  const seen = useSeen();
  return (
    <Page
      title="First steps"
      about="Three clicks to a running example: thermometers whose temperatures are averaged where they are, and summed up."
    >
      <Steps seen={seen} />
      {isThere(seen) && <Results seen={seen} />}
      <Next />
    </Page>
  );
}
