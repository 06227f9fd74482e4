import { useShallow } from "zustand/react/shallow";
import { stopAllSimulations, useSimulations } from "@/devices/simulator";
import { Button, count, Notice, plural } from "@/ui";
import css from "./devices.module.css";

/** Says that this tab is playing devices, and only while it is open. */
export function SimulationsNotice() {
  const { running, sent, failed } = useSimulations(
    useShallow(({ all }) => {
      const simulations = [...all.values()];
      const sum = (key: "sent" | "failed") => simulations.reduce((total, each) => total + each[key], 0);
      return {
        running: simulations.filter((each) => each.running).length,
        sent: sum("sent"),
        failed: sum("failed"),
      };
    }),
  );
  if (running === 0) return null;
  return (
    <Notice mood={failed > 0 ? "warn" : "quiet"}>
      <div className={css.notice}>
        <span>
          This tab is simulating {plural(running, "device")}: {count(sent)} updates sent, {count(failed)}{" "}
          failed. It goes on while you look at other pages here, and ends when the tab is closed.
        </span>
        <Button icon="stop" onClick={stopAllSimulations}>
          Stop all
        </Button>
      </div>
    </Notice>
  );
}
