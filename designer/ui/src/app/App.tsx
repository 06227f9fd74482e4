import { QueryClientProvider } from "@tanstack/react-query";
import { Component, type ReactNode, Suspense } from "react";
import { queryClient, useFreshDocuments } from "@/api/documents";
import { useLiveStream } from "@/api/live";
import { Button, Empty, Loaded, Notice, Page, Toasts } from "@/ui";
import { entryOf } from "./nav";
import { usePlace } from "./router";
import { Shell } from "./Shell";

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Pages />
      <Toasts />
    </QueryClientProvider>
  );
}

function Pages() {
  useLiveStream();
  useFreshDocuments();
  const page = usePlace().page || "overview";
  const View = entryOf(page)?.view ?? Unknown;
  return (
    <Shell page={page}>
      <Fault key={page}>
        <Suspense
          fallback={
            <Page title={entryOf(page)?.name ?? ""}>
              <Loaded of={{ data: undefined, error: null }}>{() => null}</Loaded>
            </Page>
          }
        >
          <View />
        </Suspense>
      </Fault>
    </Shell>
  );
}

function Unknown() {
  return (
    <Page title="No such page">
      <Empty title="This address leads nowhere.">Choose a page from the menu.</Empty>
    </Page>
  );
}

/** Keeps a fault in one page from taking the others with it. */
class Fault extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Page
        title="This page failed"
        actions={
          <Button icon="restart" onClick={() => location.reload()}>
            Load again
          </Button>
        }
      >
        <Notice mood="bad">{this.state.error.message}</Notice>
      </Page>
    );
  }
}
