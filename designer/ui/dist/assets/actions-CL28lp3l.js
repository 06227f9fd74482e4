import{r as e}from"./react-sySUN5R7.js";import{$ as t,K as n,Q as r,X as i}from"./index-SEqVK5kx.js";import{m as a,n as o,t as s}from"./simulator-CrCyJB3B.js";import{d as c,l,m as u}from"./values-CtuIHX6K.js";var d=`// Publishes the average of the last ten temperatures of a thermometer.
const LAST = 10;
const temperatures = [];

exports.handler = (contextEntity, publish) => {
  const { entityId, attributes, metadata } = contextEntity;
  if (!attributes.temperature) return; // deleted
  const temperature = Number(attributes.temperature.value);
  if (!Number.isFinite(temperature)) return;

  temperatures.push(temperature);
  if (temperatures.length > LAST) temperatures.shift();
  const average = temperatures.reduce((sum, value) => sum + value, 0) / temperatures.length;

  publish({
    attributes: {
      thermometer: { type: "string", value: entityId.id },
      temperature: { type: "float", value: temperature },
      average: { type: "float", value: Math.round(average * 100) / 100 },
    },
    metadata,
  });
};
`,f=`// Publishes the mean over all thermometers, and the warmest and coldest of them.
const averages = new Map();

exports.handler = (contextEntity, publish) => {
  const { entityId, attributes } = contextEntity;
  if (attributes.average) averages.set(entityId.id, Number(attributes.average.value));
  else averages.delete(entityId.id); // deleted
  const values = [...averages.values()];
  if (values.length === 0) return;

  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  publish({
    attributes: {
      thermometers: { type: "integer", value: values.length },
      mean: { type: "float", value: Math.round(mean * 100) / 100 },
      warmest: { type: "float", value: Math.max(...values) },
      coldest: { type: "float", value: Math.min(...values) },
    },
  });
};
`,p=`example-thermometers`,m=`ServiceIntent.example-thermometers`,h={thermometer:`ExampleThermometer`,average:`ExampleAverage`,summary:`ExampleSummary`},g=[{name:`example-average`,description:`averages the last ten temperatures of a thermometer`,functionCode:d},{name:`example-summary`,description:`mean, warmest and coldest over all thermometers`,functionCode:f}],_=(e,t)=>({selected_type:e,selected_attributes:[`all`],groupby:t,scoped:!1}),v={topology:{name:p,description:`an average for each thermometer, a summary over all`,tasks:[{name:`average`,operator:`example-average`,input_streams:[_(h.thermometer,`EntityID`)],output_streams:[{entity_type:h.average}]},{name:`summary`,operator:`example-summary`,input_streams:[_(h.average,`ALL`)],output_streams:[{entity_type:h.summary}]}]}},y={id:m,topology:p,stype:`ASYN`,priority:{exclusive:!1,level:0},geoscope:{scopeType:`global`,scopeValue:`global`}},b=[`example-thermometer-1`,`example-thermometer-2`,`example-thermometer-3`],x=b,S=[18,21,24];function C({latitude:e,longitude:t}){let n=[{latitude:.03,longitude:0},{latitude:-.02,longitude:.04},{latitude:-.02,longitude:-.04}];return b.map((r,i)=>({id:r,type:h.thermometer,attributes:[{name:`temperature`,type:`float`,value:S[i]}],place:{latitude:Number((e+n[i].latitude).toFixed(5)),longitude:Number((t+n[i].longitude).toFixed(5))}}))}function w(e){let t=S[b.indexOf(e)]??20;return{intervalS:1,radiusM:0,series:[{name:`temperature`,type:`float`,shape:`walk`,periodS:60,low:t-4,high:t+4}]}}var T=e({installExample:()=>E});async function E(){await i(`/operator`,g),await i(`/service`,[v])}var D=()=>i(`/intent`,y),O={latitude:49.41,longitude:8.69};function k(){return[...n.getState().workers.values()].find(({state:e,location:t})=>e===`ready`&&t)?.location??O}async function A(e){for(let t of C(k()))e.has(t.id)||await a(t),o(t,w(t.id))}var j=5e3;async function M(e){for(let e of x)s(e);e(`Withdrawing the intent`),await l(r(`/intent/${t(m)}`)),await P(),e(`Removing the topology and the operators`),await l(r(`/service/${t(p)}`));for(let{name:e}of g)await l(r(`/operator/${t(e)}`));e(`Removing the devices and what is left of their data`);for(let e of x)await l(r(`/device/${t(e)}`));let n=await c(Object.values(h).map(e=>({id:``,type:e,isPattern:!1})));for(let{entityId:e}of n)await u(e.id)}var N=()=>[...n.getState().instances.values()].some(({ServiceIntentID:e,Status:t})=>e===`ServiceIntent.example-thermometers`&&t!==`removed`);function P(){return new Promise(e=>{if(!N())return e();let t=()=>{clearTimeout(i),r(),e()},r=n.subscribe(()=>!N()&&t()),i=setTimeout(t,j)})}export{D as a,x as c,M as i,g as l,A as n,m as o,E as r,p as s,T as t,h as u};