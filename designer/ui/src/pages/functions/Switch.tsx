import css from "./functions.module.css";

interface Props {
  label: string;
  on: boolean;
  /** While a change is under way; it keeps the focus. */
  busy?: boolean;
  onChange: (on: boolean) => void;
}

/** Turns something on or off at once. */
export function Switch({ label, on, busy, onChange }: Props) {
  return (
    <button
      type="button"
      role="switch"
      className={css.switch}
      aria-checked={on}
      aria-label={label}
      title={label}
      aria-disabled={busy}
      onClick={() => !busy && onChange(!on)}
    >
      <span className={css.track} aria-hidden="true" />
      {on ? "Enabled" : "Disabled"}
    </button>
  );
}
