// How this tab is to play a device.
import { type FormEvent, useId, useState } from "react";
import { useLive } from "@/api/live";
import { type Device, shownAttributes } from "@/devices/devices";
import { remember, remembered } from "@/devices/remembered";
import {
  type Series,
  type SettingsProblems,
  type Shape,
  settingsProblems,
  shapeNames,
  shapes,
} from "@/devices/simulation";
import { startSimulation } from "@/devices/simulator";
import { NumberField } from "@/map/NumberField";
import { Button, Dialog, Empty, Notice, SelectField } from "@/ui";
import css from "./devices.module.css";

export function SimulateDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const attributes = shownAttributes(device, useLive.getState().entities.get(device.id));
  const [settings, setSettings] = useState(() => remembered(device.id, attributes));
  const form = useId();
  const problems = settingsProblems(settings);
  const usable = Object.keys(problems).length === 0;
  const start = (event: FormEvent) => {
    event.preventDefault();
    if (!usable) return;
    remember(device.id, settings);
    const { id, type, place } = device;
    startSimulation({ id, type, attributes, place }, settings);
    onClose();
  };
  const setSeries = (changed: Series) =>
    setSettings({
      ...settings,
      series: settings.series.map((series) => (series.name === changed.name ? changed : series)),
    });
  if (settings.series.length === 0) {
    return (
      <Dialog title={`Simulate ${device.id}`} onClose={onClose}>
        <Empty title="It has no number to vary.">
          Edit the device and give it an attribute with a number.
        </Empty>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={`Simulate ${device.id}`}
      wide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" icon="play" type="submit" form={form} disabled={!usable}>
            Start
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={start} noValidate>
        <Notice>
          This tab sends the updates. They end when it is closed, and a browser slows them down to about one a
          second while the tab is in the background.
        </Notice>
        {settings.series.map((series) => (
          <SeriesFields key={series.name} series={series} problems={problems} onChange={setSeries} />
        ))}
        <div className={css.numbers}>
          <NumberField
            label="Every, in seconds"
            value={settings.intervalS}
            problem={problems.interval}
            onChange={(intervalS) => setSettings({ ...settings, intervalS })}
          />
          {device.place && (
            <NumberField
              label="Moves around its place, in metres"
              hint="0 to stay."
              value={settings.radiusM}
              problem={problems.radius}
              onChange={(radiusM) => setSettings({ ...settings, radiusM })}
            />
          )}
        </div>
      </form>
    </Dialog>
  );
}

interface SeriesProps {
  series: Series;
  problems: SettingsProblems;
  onChange: (series: Series) => void;
}

function SeriesFields({ series, problems, onChange }: SeriesProps) {
  const { name, shape } = series;
  return (
    <fieldset className={css.series}>
      <legend>{name}</legend>
      <div className={css.numbers}>
        <SelectField
          label="Course"
          value={shape}
          onChange={(event) => onChange({ ...series, shape: event.target.value as Shape })}
        >
          {shapes.map((other) => (
            <option key={other} value={other}>
              {shapeNames[other]}
            </option>
          ))}
        </SelectField>
        <NumberField
          label={shape === "constant" ? "Value" : "Lowest"}
          value={series.low}
          problem={problems[`${name}.low`]}
          onChange={(low) => onChange({ ...series, low })}
        />
        {shape !== "constant" && (
          <NumberField
            label="Highest"
            value={series.high}
            problem={problems[`${name}.high`]}
            onChange={(high) => onChange({ ...series, high })}
          />
        )}
        {shape === "sine" && (
          <NumberField
            label="Period, in seconds"
            value={series.periodS}
            problem={problems[`${name}.period`]}
            onChange={(periodS) => onChange({ ...series, periodS })}
          />
        )}
      </div>
    </fieldset>
  );
}
