import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Toasts } from "@/ui";

/** Shows a page as the application does, with nothing fetched yet. */
export function show(page: ReactNode) {
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const shown = render(
    <QueryClientProvider client={client}>
      {page}
      <Toasts />
    </QueryClientProvider>,
  );
  return { ...shown, client };
}
