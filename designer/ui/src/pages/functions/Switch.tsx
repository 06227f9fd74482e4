import css from "./functions.module.css";

interface Props {
  label: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** Turns something on or off at once. */
export function Switch({ label, on, disabled, onChange }: Props) {
  return (
    <button
      type="button"
      role="switch"
      className={css.switch}
      aria-checked={on}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <span className={css.track} aria-hidden="true" />
      {on ? "Enabled" : "Disabled"}
    </button>
  );
}
